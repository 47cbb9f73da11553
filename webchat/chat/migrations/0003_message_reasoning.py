from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_message_note")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="reasoning",
            field=models.TextField(blank=True, help_text="What the model thought before it answered."),
        ),
        migrations.AddField(
            model_name="message",
            name="reasoning_ms",
            field=models.PositiveIntegerField(help_text="How long it thought.", null=True),
        ),
    ]
